"""The statistics of offline evaluation and of live experiments, on numbers alone: no database, no clock."""
