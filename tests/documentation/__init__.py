"""Pages that are made: of models, of commands, of scenarios; and the site that all pages become."""
