namespace Tlmsp.Http;

/// <summary>
/// Holds containers of the secret context to what they may be (http-mapping §9): complete lines of the agreed fields, after all other
/// fields of a head and before its blank line; and keeps those fields out of the other contexts.
/// </summary>
internal sealed class HttpSecretGuard(HttpFramer framer)
{
    private bool _isSecretLine;
    private bool _seen;

    /// <summary>Checks where bytes of a role begin.</summary>
    /// <returns>True for bytes of the secret context in their place; false when the other rules apply.</returns>
    /// <exception cref="HttpMappingException">The secret context is not due.</exception>
    public bool Enter(HttpRole role)
    {
        if (role != HttpRole.Secret)
        {
            return _isSecretLine
                ? throw new HttpMappingException("a line that began in the secret context goes on in another", role)
                : false;
        }

        if (!framer.IsInFields)
        {
            throw new HttpMappingException("sensitive fields outside of the fields of a head", role);
        }

        if (framer.IsAtLineStart == _isSecretLine)
        {
            throw new HttpMappingException("a line that began in the head context goes on in the secret context", role);
        }

        _isSecretLine = true;
        return true;
    }

    /// <summary>At a middlebox that reads heads alone: a container of the secret context passes.</summary>
    /// <exception cref="HttpMappingException">It is not due.</exception>
    public void PassOpaque()
    {
        if (!framer.IsInFields || !framer.IsAtLineStart)
        {
            throw new HttpMappingException("sensitive fields outside of the fields of a head", HttpRole.Secret);
        }

        _seen = true;
    }

    /// <summary>Checks what the bytes were.</summary>
    /// <exception cref="HttpMappingException">A field is in the wrong context, or in the wrong place.</exception>
    public void Leave(HttpRole role, in HttpPiece piece)
    {
        if (role == HttpRole.Secret)
        {
            if (piece.Line is not (HttpLine.Incomplete or HttpLine.Secret))
            {
                throw new HttpMappingException("a line in the secret context that is no sensitive field", role);
            }

            _isSecretLine = piece.Line == HttpLine.Incomplete;
            _seen = true;
        }
        else if (piece.Line == HttpLine.Secret)
        {
            throw new HttpMappingException("a sensitive field outside of the secret context", role);
        }
        else if (piece.HeadComplete)
        {
            _seen = false;
        }
        else if (_seen && piece.Line != HttpLine.Incomplete)
        {
            throw new HttpMappingException("fields after the sensitive ones", role);
        }
    }
}
