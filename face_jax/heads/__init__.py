"""Head models by name: where they come from and how they are stored."""
