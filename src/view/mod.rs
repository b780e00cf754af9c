//! Text, JSON, diffs, progress, style: the only place that prints.
