"""Export a round trip, masked: as one HTML file, as HAR 1.2 and as a Mermaid diagram."""
