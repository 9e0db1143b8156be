"""Where clips come from: files, folders, synthetic faces; one interface."""
