using DockMon.Hub.Inventory;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Inventory;

public sealed class ContainerCursorTests
{
    [Fact]
    public void A_cursor_comes_back_from_a_URL_as_it_was()
    {
        var cursor = new ContainerCursor(ContainerSort.Image, Descending: true, "a\"ü/+", 12.5, "h1", "c1");
        var json = System.Text.Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(cursor.Encode()));
        ContainerCursor.Decode(cursor.Encode()).ShouldBe(cursor, json);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("e30")]
    [InlineData("bnVsbA")]
    [InlineData("%%%")]
    public void What_is_no_cursor_is_none(string text) => ContainerCursor.Decode(text).ShouldBeNull();
}
