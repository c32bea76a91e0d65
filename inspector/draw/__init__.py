"""Draw messages and tokens as SVG. The drawings contain only the given data, and CSS classes."""

from inspector.draw.family import family
from inspector.draw.lanes import lanes
from inspector.draw.lifespan import Line, lifespan
from inspector.draw.sequence import sequence
from inspector.draw.timeline import timeline
from inspector.draw.timeline_words import timeline_words

__all__ = ["Line", "family", "lanes", "lifespan", "sequence", "timeline", "timeline_words"]
