# docker build -t stoa .    docker run -p 5000:5000 -v stoa:/data stoa
FROM python:3.11-slim AS install
ENV UV_COMPILE_BYTECODE=1
WORKDIR /app
COPY requirements requirements
COPY scripts scripts
RUN python scripts/environment.py serve && rm .venv/bin/uv .venv/bin/uvx

FROM python:3.11-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin stoa \
    && install --directory --owner=stoa --group=stoa --mode=0750 /data
WORKDIR /app
COPY --from=install /app/.venv .venv
COPY run.py LICENSE ./
COPY migrations migrations
COPY src src
RUN .venv/bin/python -m compileall -q src migrations

ENV PYTHONUNBUFFERED=1 \
    STOA_HOST=0.0.0.0 \
    STOA_PORT=5000 \
    STOA_DATA_DIR=/data
USER stoa
VOLUME /data
EXPOSE 5000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
    CMD [".venv/bin/python", "-c", "import os, urllib.request as web; web.urlopen(f'http://127.0.0.1:{os.environ[\"STOA_PORT\"]}/healthz', timeout=4)"]
ENTRYPOINT [".venv/bin/python", "run.py"]
CMD ["all"]
