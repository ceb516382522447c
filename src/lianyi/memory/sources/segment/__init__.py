"""Calls of the Segment specification (identify, track, page, screen, group, alias), turned into events.

`calls` says what a call may hold and reads it from JSON; `saying` turns a call into events; `shop` and `mailing` know
the names of the specification's e-commerce and e-mail events. Only fields of the specification are read: what stands
beside them at the top level of a call is not kept, while properties, traits and unknown event names all are. The
address (context.ip) and advertising ids are never stored.
"""
