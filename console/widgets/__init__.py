"""Small widgets of our own, where Textual's fall short (console-features 5.3 to 5.5)."""
