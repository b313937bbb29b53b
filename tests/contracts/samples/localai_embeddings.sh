# LocalAI: vectors for an index, with curl.
curl http://localhost:8080/v1/embeddings -sS -H "Content-Type: application/json" -d '{
  "input": "A long time ago in a galaxy far, far away", "model": "all-minilm-l6-v2"}' \
  | python -c 'import json, sys; answer = json.load(sys.stdin); print(len(answer["data"][0]["embedding"]))'
