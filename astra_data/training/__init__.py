"""Training on our datasets: SFT and GRPO by TRL, from recipes that say everything a run depends on. Needs the extra `train`."""
