"""Where clips come from: files, folders, drawn faces; one interface."""
