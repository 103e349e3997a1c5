"""The HTTP faces: pages and the REST API. Both speak to the orchestrator only."""
