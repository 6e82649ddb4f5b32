"""Desktop client: a window that records, asks a server which song it is, and keeps the answers.

Conventions of every module: the window's thread waits for nothing. What takes time runs in `jobs`
(questions to the server, files) or in threads of its own (`recorder`, `local_service`), and what
comes of it is handed over by `jobs`. Modules below `widgets` know no Tk. Samples are int16, times
are in seconds (``_s``), levels in decibels below full scale (``_db``).
"""
