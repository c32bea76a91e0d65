"""The benchmark: this project's legs beside other authorization servers (`make bench`)."""
