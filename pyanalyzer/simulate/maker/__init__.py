"""A domain-randomised game maker: thousands of small, different games, each drawn from its name.

Where a detector meets only real games it learns those games. Here everything that does not matter
is random (Tobin et al., "Domain randomization for transferring deep neural networks", 2017):
looks, sizes, speeds, controls, cameras, weather, what the world does by itself; and NPCs move as
players do. Every game implements :class:`pyanalyzer.simulate.engine.Game` and is exact.

``names`` the games; ``game`` plays them; ``world`` is what all families share; ``families`` holds
one module each; ``palette``, ``canvas``, ``sprites``, ``textures`` draw; ``motion``, ``behaviour``,
``camera``, ``overlay`` are the toolbox; ``chance`` is luck without a state.
"""
