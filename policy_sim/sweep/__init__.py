"""Many decisions: designs of scenarios, their runs on one machine or many, and what their results answer."""
