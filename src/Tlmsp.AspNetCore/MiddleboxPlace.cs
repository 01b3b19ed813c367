namespace Tlmsp.AspNetCore;

/// <summary>Where on the path a server puts a middlebox that it inserts.</summary>
public enum MiddleboxPlace
{
    /// <summary>Behind all others: the last hop before the server.</summary>
    NearestToServer,

    /// <summary>Before all others: clients connect to it.</summary>
    NearestToClient,
}
