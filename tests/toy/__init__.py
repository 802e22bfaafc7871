"""A toy business for tests that must not know the real one: money boxes are opened by a holder, filled, and broken.

`events` is what happens, `rules` who may do what, `boxes` what is shown of it and histories made by hand or by chance,
`followers` what counts facts without reading them.
"""
