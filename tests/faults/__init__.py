"""What the delivery of a test promises, put to thousands of faults: `./run faults`.

An answer the page showed as saved is never lost, one that was not is visibly so, none counts twice, the clock is the
server's. Candidates in a real browser and candidates that drive the browser's queue code in Node answer through a wire
that drops, slows and cuts, at a server that is killed; then the database is asked what counts.
"""
