"""Language models behind the ChatModel Protocol: Claude, and any server that speaks OpenAI's protocol.

An adapter turns one ChatPrompt into its wire protocol and the reply into pieces. What both share is
beside them: the failures that callers see, retries and the circuit breaker around a call, prices, and
the plain-text form of passages with `[n]` markers for models that have no citations of their own.
"""
