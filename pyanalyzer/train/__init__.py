"""Makes the network's weights from labelled replays."""
