"""The six tools of the MCP server at /mcp, for other programs' models."""
