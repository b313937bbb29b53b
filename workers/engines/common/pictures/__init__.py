"""What every model that sees needs: pictures decoded, bounded, put into a conversation, and priced."""
