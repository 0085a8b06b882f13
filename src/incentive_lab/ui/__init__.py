"""What the pages are composed of: state, blocks that draw, and the functions behind them."""
