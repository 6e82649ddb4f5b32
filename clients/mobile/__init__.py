"""Mobile client: one button that tells which song is playing, in a browser or as an app.

Flet draws it with Flutter's widgets. In a browser Python runs on the server of the page, on a
phone within the app. What it knows of songs it learns from a server, through `clients.rest`.
"""
