"""PDF files: characters with their places (PDFium) → lines, columns, tables, headings."""
