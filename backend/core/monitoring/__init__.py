"""How the process and the queue do, for whoever watches: answers to balancers, figures, logs."""
