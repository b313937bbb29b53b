"""A benchmark of one model: loaded anew, asked, three times."""
