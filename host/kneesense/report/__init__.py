# SPDX-License-Identifier: MIT
"""The report for runner and therapist: one HTML file that needs nothing else, for screen, phone and paper.

facts.py gathers what is known from the store, sentence.py says it in one line, sections.py lays it out, plots.py draws
it.  Each number is a `data` element whose value is the store's, whatever its text is rounded to.
"""
