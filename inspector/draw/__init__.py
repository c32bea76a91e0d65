"""The inspector's pictures: data in, SVG out. They hold no words but what they are given, and no styles but classes."""

from inspector.draw.family import family
from inspector.draw.lanes import lanes
from inspector.draw.sequence import sequence
from inspector.draw.timeline import timeline
from inspector.draw.timeline_words import timeline_words

__all__ = ["family", "lanes", "sequence", "timeline", "timeline_words"]
