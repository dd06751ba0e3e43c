"""资质: what an organisation must hold for some kinds of service, and until when it does."""
