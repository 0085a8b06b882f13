# The dashboard for a team: `docker compose up` (compose.yaml) starts it beside a PostgreSQL; docs/how-to/team.md tells the rest.
FROM python:3.11-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    INCENTIVE_LAB_HOME=/var/lib/incentive-lab

RUN useradd --create-home --uid 10001 lab \
    && install -d -o lab -g lab /var/lib/incentive-lab
WORKDIR /srv/incentive-lab

# What the product needs, in the locked versions; the tools of the tests stay out. Constraints cannot name extras.
COPY pyproject.toml requirements.txt README.md LICENSE ./
RUN sed 's/\[[^]]*\]//' requirements.txt > /tmp/constraints.txt \
    && python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" > /tmp/needed.txt \
    && pip install --no-cache-dir --no-compile -c /tmp/constraints.txt -r /tmp/needed.txt setuptools \
    && rm /tmp/constraints.txt /tmp/needed.txt

COPY src ./src
RUN pip install --no-cache-dir --no-compile --no-deps --no-build-isolation -e .
COPY app.py ./
COPY pages ./pages
COPY data ./data
COPY experiments/pilots ./experiments/pilots
COPY .streamlit/config.toml ./.streamlit/config.toml

USER lab
VOLUME /var/lib/incentive-lab
EXPOSE 8501
HEALTHCHECK --start-period=30s --interval=30s --timeout=5s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
CMD ["python", "-m", "streamlit", "run", "app.py", "--server.address", "0.0.0.0", "--server.port", "8501"]
