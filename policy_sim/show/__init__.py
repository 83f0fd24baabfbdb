"""What people look at: the wording of numbers, tables, figures, the panel's state, and the live panel.

Import from the modules: the live one (`workbench`) needs the extra "app", the others do not.
"""
