"""`pulser setup`: pulser into a Supabase project, step by step, as often as one likes.

`installation` is the list of the steps, `values` says what a secret must look like (pure), `asker` puts questions,
`server` speaks with the database as its owner.
"""
