"""Evidence: the company's own cases, and a firm with a known truth to try it all out on."""
