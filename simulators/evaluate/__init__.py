"""How soon a collapse would be noticed, and how often nothing was wrong: measured on recorded homes.

A watch that restarts at every sign of life is fully described by the deadline it sets at each observation. A natural
silence longer than its deadline is a false alert; a collapse is noticed when the deadline passes that was set at the
last observation before it. So all figures follow from silences, deadlines and a sample of collapses.
"""
