"""The automation server on a phone, as the UiAutomator2 driver finds it behind port 6790."""
