"""What platforms call us with: signed, encrypted XML becomes events. Reading only; who listens is doors.collector."""
