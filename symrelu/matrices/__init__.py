"""Matrix expressions: functions of their entries, and an algebra that keeps what was written."""
