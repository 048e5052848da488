"""Which cache a process gets."""

from pydantic import SecretStr

from orchestrator.kit.cache import Cache, InProcessCache


def open_cache(redis_url: SecretStr | None, prefix: str = "flotilla:") -> Cache:
    """The cache of an installation: in memory without a URL. Redis need not answer yet. All keys begin with `prefix`,
    which names the installation. Raises ValueError for a URL that is none."""
    if redis_url is None:
        return InProcessCache()
    from orchestrator.kit.redis_cache import RedisCache  # with its client, which nobody else needs

    return RedisCache(redis_url, prefix)
