"""The jobs behind the command line: compose a configuration, build the objects, run the Trainer."""
