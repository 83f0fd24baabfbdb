"""The live panel: its state, the widget, the application, the shared file, and the page."""
