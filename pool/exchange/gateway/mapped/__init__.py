"""Candles as bots map them: made of kept answers by the worker, told to agents."""
