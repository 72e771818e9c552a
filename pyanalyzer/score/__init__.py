"""The network: an Extractor, and a Comparator of its features. The only room with torch in it."""
