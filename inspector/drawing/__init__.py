"""The inspector's pictures: data in, SVG out. They hold no words but what they are given, and no styles but classes."""

from inspector.drawing.family import family
from inspector.drawing.lanes import lanes
from inspector.drawing.sequence import sequence
from inspector.drawing.timeline import timeline
from inspector.drawing.timeline_words import timeline_words

__all__ = ["family", "lanes", "sequence", "timeline", "timeline_words"]
