"""The core: messages, agents, orchestration, events and jobs. It imports no other package."""
