"""Makes released estimates visible: disclosure control, sentences, tables, figures.

Everything here but :func:`analysis.show.disclosure.release` accepts a
:class:`analysis.show.disclosure.Released` and nothing else.
"""
